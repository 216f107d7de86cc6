// Stage holds the source of the code that a sandbox runs as process 1 until that
// becomes the command. A test assembles it and compares.
package main

func stage()

func main() { stage() }
