"""The facets by which a base is browsed: what their values are called, how they meet, ages as bands."""
