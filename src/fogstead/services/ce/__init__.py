"""AWS Cost Explorer: the bill, by time and by whatever it is grouped."""
