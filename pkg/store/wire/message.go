package wire

import (
	"errors"
	"sync"

	"github.com/jackc/pgx/v5/pgproto3"
)

// message is memory that a connection makes its next message in. By itself a connection
// lets small memory grow, argument by argument, and gives it up after each large message.
type message struct {
	buf []byte
	// Whether the connection still has it is to be found out, and was not found to be
	// otherwise.
	asking, held bool
}

var messages = sync.Pool{New: func() any { return new(message) }}

// Sizes of messages in bytes: the statement without its arguments, with what is sent after
// it, has less than frame. For a message of less than least a connection has memory:
// it keeps 1024 bytes.
const (
	frame = 1024
	least = 4096
)

// lend lets the connection use memory for a statement with these arguments; nil if
// its own will do.
func lend(to *pgproto3.Frontend, arguments [][]byte) *message {
	size := frame
	for _, a := range arguments {
		size += len(a) + 8
	}
	if size < least {
		return nil
	}
	m := messages.Get().(*message)
	if cap(m.buf) < size {
		m.buf = make([]byte, 0, size+size/8)
	}
	to.Send(m)
	return m
}

// back takes the memory for the next message, if the connection has other memory by
// now. It is called when the message has been answered without an error.
func (m *message) back(from *pgproto3.Frontend) {
	if m == nil || cap(m.buf) > keptArguments {
		return
	}
	m.asking, m.held = true, true
	from.Send(m)
	if m.asking = false; !m.held {
		messages.Put(m)
	}
}

// Encode gives the connection the memory, with what it has not yet sent. If that is
// asked it looks at what the connection has, and leaves it.
func (m *message) Encode(dst []byte) ([]byte, error) {
	if m.asking {
		m.held = cap(dst) > 0 && &dst[:1][0] == &m.buf[:1][0]
		return dst, nil
	}
	return append(m.buf[:0], dst...), nil
}

// Decode is part of what pgproto3 takes for a message.
func (*message) Decode([]byte) error { return errors.New("memory is not received") }

// Frontend says that it is one of a client.
func (*message) Frontend() {}
