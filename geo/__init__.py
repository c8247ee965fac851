"""geo: computes. Area packs become reach tables, gaps, journeys and isochrones."""
