"""What every node shares: life cycle, heartbeat, workers, parameters, calls with deadlines."""
