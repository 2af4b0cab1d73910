package rest

// OperationList gives the route table to the tests, as "METHOD path id", and
// whether each operation is offered.
func OperationList() (list []string, offeredToo map[string]bool) {
	offeredToo = map[string]bool{}
	for _, op := range operations {
		s := op.method + " " + op.path + " " + op.id
		list = append(list, s)
		_, offeredToo[s] = offered[op.method+" "+op.path]
	}
	return list, offeredToo
}
