"""layers: presents. Numbers become map layers, legends, words and files."""
