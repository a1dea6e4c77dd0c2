from clca.cli import main

main()
