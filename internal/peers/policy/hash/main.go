// Hash is a program that imports SHA-256 and does nothing.
package main

import _ "crypto/sha256"

func main() {}
