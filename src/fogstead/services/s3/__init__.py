"""Amazon Simple Storage Service: buckets, objects, and the rules on who may read them."""
