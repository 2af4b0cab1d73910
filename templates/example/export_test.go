package example

// Shortest is shortest, for tests.
var Shortest = shortest
