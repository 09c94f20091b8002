"""How an estimator learns: the rows as the network takes them, and the two ways down, `descent` and `lbfgs`."""
