package store

// EHRTables are the tables that an EHR has rows in.
var EHRTables = ehrTables

// Rank is rank.
func Rank(n string) int32 { return rank(n) }

// ObjectTables are the tables that a versioned object has rows in.
var ObjectTables = objectTables

// MaxGroup is the most contributions of one statement.
const MaxGroup = maxGroup

// Waiting is how many contributions wait for a group.
func (s *Store) Waiting() int {
	s.group.mu.Lock()
	defer s.group.mu.Unlock()
	return len(s.group.waiting)
}

// KeptForm reports whether documents are sent as the database keeps them.
func (s *Store) KeptForm() bool { return s.keptForm }
