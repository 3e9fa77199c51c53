"""The real world behind the ports; vendor libraries stand only here."""
