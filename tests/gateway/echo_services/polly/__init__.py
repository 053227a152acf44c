"""Raw endpoints that give back what they are given, under the name of a service that has none."""
