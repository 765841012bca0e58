"""Random walks over lists, renames, moved names, lost stores and a tenant that lies: what holds at rest."""
