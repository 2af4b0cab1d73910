package reading_test

import (
	"bytes"
	"testing"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/fhirmap/reading"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// element is an ELEMENT with a quantity and one text around it.
func element(name, magnitude, units string) *rm.Node {
	return rm.Object("ELEMENT", rm.Child("name", rm.Text(name)), rm.Str("archetype_node_id", "at0004"),
		rm.Child("value", rm.Object("DV_QUANTITY", rm.Child("magnitude", &rm.Node{Class: rm.ClassReal, Text: magnitude}), rm.Str("units", units))))
}

func cluster(members ...*rm.Node) *rm.Node {
	n := rm.Object("CLUSTER", rm.Child("name", rm.Text("Cluster")), rm.Str("archetype_node_id", "at0001"))
	return n.With("items", members...)
}

// Two shapes have one key if only free texts differ.
func TestKey(t *testing.T) {
	t.Parallel()
	key := func(n *rm.Node) []byte {
		var s reading.Shape
		s.Add(n, reading.Part{})
		return s.Key
	}
	of := key(cluster(element("Height", "180", "cm"), rm.Object("ELEMENT", rm.Child("value", rm.Text("free")))))
	for name, tt := range map[string]struct {
		n    *rm.Node
		same bool
	}{
		"number":   {cluster(element("Height", "17.5", "cm"), rm.Object("ELEMENT", rm.Child("value", rm.Text("free")))), true},
		"text":     {cluster(element("Height", "180", "cm"), rm.Object("ELEMENT", rm.Child("value", rm.Text("other")))), true},
		"unit":     {cluster(element("Height", "180", "m"), rm.Object("ELEMENT", rm.Child("value", rm.Text("free")))), false},
		"name":     {cluster(element("Length", "180", "cm"), rm.Object("ELEMENT", rm.Child("value", rm.Text("free")))), false},
		"class":    {cluster(element("Height", "180", "cm"), rm.Object("ELEMENT", rm.Child("value", rm.CodedText("free", "local", "at1")))), false},
		"member":   {cluster(element("Height", "180", "cm")), false},
		"members":  {cluster(element("Height", "180", "cm"), element("Height", "180", "cm"), rm.Object("ELEMENT", rm.Child("value", rm.Text("free")))), false},
		"flavour":  {cluster(element("Height", "180", "cm"), rm.Object("ELEMENT", rm.Child("null_flavour", rm.CodedText("free", "openehr", "253")))), false},
		"order":    {cluster(rm.Object("ELEMENT", rm.Child("value", rm.Text("free"))), element("Height", "180", "cm")), false},
		"boundary": {cluster(element("Heightc", "180", "m"), rm.Object("ELEMENT", rm.Child("value", rm.Text("free")))), false},
	} {
		if got := bytes.Equal(of, key(tt.n)); got != tt.same {
			t.Errorf("%s: the same key: %t, want %t", name, got, tt.same)
		}
	}
}

var long = reading.Form{Costly: true, Of: func(s string) (string, bool) { return s, len(s) > 2 }}

// A log is spoilt by every look that the key does not answer.
func TestLog(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		look   func(l *reading.Log, root, other *rm.Node)
		spoilt bool
	}{
		"fixed text":  {func(l *reading.Log, n, _ *rm.Node) { l.Node(n).Get("items").String("value", "units") }, false},
		"node id":     {func(l *reading.Log, n, _ *rm.Node) { l.Node(n).Get("items").NodeID() }, false},
		"name":        {func(l *reading.Log, n, _ *rm.Node) { l.Node(n).Get("items").NameValue() }, false},
		"absence":     {func(l *reading.Log, n, _ *rm.Node) { l.Node(n).Get("items").Has("null_flavour") }, false},
		"class":       {func(l *reading.Log, n, _ *rm.Node) { l.Node(n).Get("items", "value").Class() }, false},
		"form":        {func(l *reading.Log, n, _ *rm.Node) { l.Node(n).Get("items", "value", "magnitude").Carry(&long) }, false},
		"free text":   {func(l *reading.Log, n, _ *rm.Node) { l.Node(n).Get("items").String("value", "magnitude") }, true},
		"elsewhere":   {func(l *reading.Log, _, o *rm.Node) { l.Node(o).Class() }, true},
		"form there":  {func(l *reading.Log, _, o *rm.Node) { l.Node(o).Carry(&long) }, true},
		"absence of":  {func(l *reading.Log, _, o *rm.Node) { l.Node(o).Has("items") }, true},
		"type there":  {func(l *reading.Log, _, o *rm.Node) { l.Node(o).Is("ELEMENT") }, true},
		"resolved":    {func(l *reading.Log, _, o *rm.Node) { l.Node(o).Resolve(nil) }, true},
		"unwatched":   {func(l *reading.Log, n, _ *rm.Node) { l.Node(n).Unwatched() }, true},
		"told":        {func(l *reading.Log, _, _ *rm.Node) { l.Spoil() }, true},
		"allowed":     {func(l *reading.Log, _, o *rm.Node) { l.Allow(o, ""); l.Node(o).String("value", "magnitude") }, false},
		"one allowed": {func(l *reading.Log, _, o *rm.Node) { l.Allow(o, "name"); l.Node(o).Has("value") }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := cluster(element("Height", "180", "cm"))
			var s reading.Shape
			s.Add(n, reading.Part{})
			var l reading.Log
			l.Start(&s)
			tt.look(&l, n, element("Other", "180", "cm"))
			l.Stop()
			if l.Spoilt() != tt.spoilt {
				t.Errorf("spoilt %t, want %t", l.Spoilt(), tt.spoilt)
			}
		})
	}
}

// Of an attribute that is in the shape by some of its members nobody may look at all.
func TestPart(t *testing.T) {
	t.Parallel()
	n := cluster(element("A", "1", "cm"), element("B", "2", "cm"))
	for name, tt := range map[string]struct {
		look   func(l *reading.Log)
		spoilt bool
	}{
		"some":                  {func(l *reading.Log) { a, _ := l.Node(n).Attr("items", true); a.At(1).NameValue() }, false},
		"one that is not in it": {func(l *reading.Log) { a, _ := l.Node(n).Attr("items", true); a.At(0).NameValue() }, true},
		"all":                   {func(l *reading.Log) { l.Node(n).List("items") }, true},
		"that it is there":      {func(l *reading.Log) { l.Node(n).Has("items") }, false},
	} {
		var s reading.Shape
		s.Add(n, reading.Part{Of: n, Attr: "items"})
		s.Add(n.List("items")[1], reading.Part{})
		var l reading.Log
		l.Start(&s)
		tt.look(&l)
		l.Stop()
		if l.Spoilt() != tt.spoilt {
			t.Errorf("%s: spoilt %t, want %t", name, l.Spoilt(), tt.spoilt)
		}
	}
}

// What was asked of one source is answered for another of the shape, from its own texts.
func TestAnswers(t *testing.T) {
	t.Parallel()
	first, second, short := cluster(element("A", "180", "cm")), cluster(element("A", "17.5", "cm")), cluster(element("A", "7", "cm"))
	var s reading.Shape
	s.Add(first, reading.Part{})
	var l reading.Log
	l.Start(&s)
	text, ok := l.Node(first).Get("items", "value", "magnitude").Carry(&long)
	var mem r4.Arena
	if n := text.Number(&mem); !ok || n.Text != "180" || n.From != 1 {
		t.Fatalf("%t %+v", ok, n)
	}
	asked, _ := l.Stop()
	for n, want := range map[*rm.Node]string{first: "180", second: "17.5", short: ""} {
		s.Reset(reading.Mark{})
		s.Add(n, reading.Part{})
		got, ok := s.Answer(nil, asked)
		if ok != (want != "") || ok && (len(got) != 1 || got[0] != want) {
			t.Errorf("%q %t, want %q", got, ok, want)
		}
	}
	// A text that stands twice is not known by its place.
	shared := element("A", "180", "cm")
	s.Reset(reading.Mark{})
	s.Add(cluster(shared, shared), reading.Part{})
	l.Start(&s)
	l.Node(shared).Get("value", "magnitude").Carry(&long)
	if l.Stop(); !l.Spoilt() {
		t.Error("a node that stands twice did not spoil the log")
	}
}
