// func stage()
//
// stage makes the system calls of the steps from 0x20000000 on, in order. A step
// is of eleven words: its index, the number of the call, six arguments, the least
// and the greatest result that is right, and room for the result. The first step
// whose result is another is written to descriptor 3, and the process ends with
// status 125. R19 is the step, which a system call leaves alone.
TEXT ·stage(SB), 516, $0-0 // NOSPLIT|NOFRAME
	MOVD	$0x20000000, R19
next:
	MOVD	8(R19), R8
	MOVD	16(R19), R0
	MOVD	24(R19), R1
	MOVD	32(R19), R2
	MOVD	40(R19), R3
	MOVD	48(R19), R4
	MOVD	56(R19), R5
	SVC
	MOVD	R0, 80(R19)
	MOVD	64(R19), R9
	CMP	R9, R0
	BLT	wrong
	MOVD	72(R19), R9
	CMP	R9, R0
	BGT	wrong
	ADD	$88, R19
	B	next
wrong:
	MOVD	$3, R0
	MOVD	R19, R1
	MOVD	$88, R2
	MOVD	$64, R8 // write
	SVC
	MOVD	$125, R0
	MOVD	$94, R8 // exit_group
	SVC
	BRK
