"""Finding where a community agrees: votes on statements, groups of people who vote alike, and what unites them."""
