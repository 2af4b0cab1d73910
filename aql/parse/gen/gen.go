// Package gen is the lexer and parser that ANTLR generates from the grammar
// files beside it. Only package parse imports it; generate.sh rewrites it.
package gen

//go:generate ./generate.sh
