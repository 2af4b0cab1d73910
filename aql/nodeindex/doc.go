// Package nodeindex turns a composition into the rows of the node index, the
// projection from which most AQL is answered without opening documents.
//
// The unit is the frame: the root of an archetype, or a LOCATABLE member of a
// container other than ELEMENT (EVENT, ACTIVITY, CLUSTER, SECTION, ENTRY). Each
// frame is one row. What is inside it and not inside a nested frame belongs to
// it: HISTORY, ITEM_TREE, ELEMENT, EVENT_CONTEXT.
//
//	COMPOSITION encounter      ── frame 0
//	└─ OBSERVATION bp          ── frame 1: protocol
//	   ├─ POINT_EVENT at0006   ── frame 2: time, systolic, diastolic, position
//	   └─ POINT_EVENT at0006   ── frame 3: time, systolic, diastolic, position
//
// A row does not repeat what many rows have in common. That stands in the
// [Registry], a summary of all structures ever stored:
//
//   - a Place is where frames stand inside an archetype (data[at0001]/events[at0006]),
//     with their class and usual name;
//   - a Path is the chain of places from the composition down to a frame, so that
//     what contains what, across archetypes, is known from the number alone;
//   - a Value is where data values of one class stand inside a frame
//     (data[at0003]/items[at0004]/value, DV_QUANTITY), with the column that holds
//     them and their usual unit or terminology.
//
// The registry also knows what has always been so: the slots in which every
// frame of a path has a frame, and the elements that always have a value, so
// that a row tells whether they are there. The first data without ends that,
// before it is stored. Of what was known before the program kept these it says
// nothing, which costs queries an outer join or the index.
//
// The registry grows when data has a structure that is new, never by DDL.
// Its Generation changes whenever it does, and a statement compiled from one
// generation refuses to run on another: what it left out because it did not
// exist might exist now.
//
// What the index leaves out is known by class and attribute (see covered.go);
// a query that needs any of it is answered from the documents.
package nodeindex

// Rules is the version of the rules by which rows are made. An index made by
// other rules is not used until it is rebuilt.
const Rules = 2
