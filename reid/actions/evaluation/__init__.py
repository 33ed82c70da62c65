"""How good is it on these animals?"""
