"""The pursuit of a goal as a policy over protocols: perceive, plan, execute, check, learn, again."""
