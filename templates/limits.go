package templates

// Limits bound what ReadOPT accepts. A zero field means the default.
type Limits struct {
	// Bytes of the document; 16 MiB.
	Bytes int
	// Depth of nested XML elements; 400.
	Depth int
	// Objects in the constraint tree; 100,000.
	Objects int
	// Problems listed before reading stops; 100.
	Problems int
}

func (l Limits) withDefaults() Limits {
	if l.Bytes <= 0 {
		l.Bytes = 16 << 20
	}
	if l.Depth <= 0 {
		l.Depth = 400
	}
	if l.Objects <= 0 {
		l.Objects = 100_000
	}
	if l.Problems <= 0 {
		l.Problems = 100
	}
	return l
}
