"""Thin adapters: each speaks one platform and holds no rule of the product."""
