package store

// EHRTables are the tables that an EHR has rows in.
var EHRTables = ehrTables

// ObjectTables are the tables that a versioned object has rows in.
var ObjectTables = objectTables
