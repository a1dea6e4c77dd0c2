"""vLLM servers: their command, their process, their log and their figures."""
