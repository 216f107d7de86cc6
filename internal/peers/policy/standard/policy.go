//go:build policy

package main

import _ "github.com/sealwright/sealwright/policy"
