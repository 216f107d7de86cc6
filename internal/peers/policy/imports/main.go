// Imports is a program that imports package policy and does nothing.
package main

import _ "github.com/sealwright/sealwright/policy"

func main() {}
