"""Small, product-free foundations that every other package may import."""
