"""Groups of points become objects with a shape prior, a box and a lasting name."""
