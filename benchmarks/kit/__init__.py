"""What the benchmarks share: measuring, test repositories, agents, servers and a small HTTP client."""
