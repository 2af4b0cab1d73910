package errs

import "errors"

// Coded is an error of a database with its SQLSTATE.
type Coded interface {
	error
	SQLState() string
}

// Redact is the cause of a failure as a log may show it: the message of a data
// exception (SQLSTATE class 22) quotes the value that it is about, so only the
// code of such an error is kept. Other errors are returned as they are.
func Redact(err error) error {
	var c Coded
	if errors.As(err, &c) {
		if code := c.SQLState(); len(code) == 5 && code[:2] == "22" {
			return errors.New("data exception, SQLSTATE " + code)
		}
	}
	return err
}
