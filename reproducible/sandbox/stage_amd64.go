//go:build linux

package sandbox

import "debug/elf"

const stageMachine = elf.EM_X86_64

// stageCode is what testdata/stage/stage_amd64.s assembles to.
const stageCode = "41bc00000020498b442408498b7c2410498b742418498b5424204d8b5424284d8b4424304d8b4c24380f05498944" +
	"2450493b4424407c0d493b4424487f064983c458ebc2b801000000bf030000004c89e6ba580000000f05b8e7000000bf7d0000000f05cd03"
