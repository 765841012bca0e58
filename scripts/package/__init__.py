"""``make package``: the zip that Azure runs, the same to the byte for the same sources, and its bill of materials."""
