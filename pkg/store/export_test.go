package store

// EHRTables are the tables that an EHR has rows in.
var EHRTables = ehrTables
