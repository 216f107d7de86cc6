//go:build linux

package sandbox

import "debug/elf"

const stageMachine = elf.EM_AARCH64

// stageCode is what testdata/stage/stage_arm64.s assembles to.
const stageCode = "1300a4d2680640f9600a40f9610e40f9621240f9631640f9641a40f9651e40f9010000d4602a00f9692240f91f0009ebcb000054" +
	"692640f91f0009eb6c00005473620191f0ffff17e00740b2e10313aa020b80d2e8037ab2010000d4a00f80d2c80b80d2010000d4000020d400000000"
