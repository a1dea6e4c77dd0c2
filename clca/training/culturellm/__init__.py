"""The training data of CultureLLM, which S2N trains on: its files into one file of ours for each culture."""
