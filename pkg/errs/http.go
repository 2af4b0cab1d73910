package errs

// Status is the HTTP status that both APIs answer for a kind of failure. Nothing
// else maps kinds to statuses. The numbers stand here without net/http, which the
// packages below the APIs have no business with.
func (k Kind) Status() int {
	switch k {
	case Invalid:
		return 400
	case Unprocessable:
		return 422
	case NotFound:
		return 404
	case Gone:
		return 410
	case Conflict:
		return 409
	case Precondition:
		return 412
	case NotAcceptable:
		return 406
	case UnsupportedMedia:
		return 415
	case TooLarge:
		return 413
	case Unauthenticated:
		return 401
	case Forbidden:
		return 403
	case Unsupported:
		return 501
	case MethodNotAllowed:
		return 405
	case Timeout:
		return 408
	case URITooLong:
		return 414
	case HeadersTooLarge:
		return 431
	case Unavailable:
		return 503
	default:
		return 500
	}
}
