import sys

from quickbooks_integration.emulator.command import main

if __name__ == "__main__":
    sys.exit(main())
