"""The guest: run as a folder by the rebuilt interpreter, which has no reprobundle in it.

Only the standard library at import; torch and safetensors inside functions. The program itself uses the same functions
to take outputs apart and to digest tensors, so that both sides agree by construction.
"""
