"""``python -m conformance`` is ``smtp-conformance``."""

from conformance.cli import main

if __name__ == "__main__":
    main()
