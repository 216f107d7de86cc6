module stage

go 1.26
