module github.com/sealwright/sealwright/internal/sha256x/_asm

go 1.26.0
