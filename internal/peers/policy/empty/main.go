// Empty is a program that does nothing.
package main

func main() {}
