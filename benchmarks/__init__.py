"""benchmarks: how fast, on real data, beside the peers, as ratios in one run."""
