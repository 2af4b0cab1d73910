package fhir

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

const testEHR = "2b6f0e4e-8a3d-4a5e-9a66-3f1f2f1c8e01"

var commit = time.Date(2024, 3, 5, 10, 30, 0, 123456000, time.UTC)

// memory is a Reader over projections of real compositions, kept in memory: the
// reference for what the contract says.
type memory struct {
	records []Record
	search  map[string][]r4.SearchValue
	past    []Record // versions that were superseded, newest first
	gone    map[string]Record
	gaps    []Gap
	asked   []ehr.Actor
	fail    error
}

func (m *memory) Resource(_ context.Context, who ehr.Actor, typ, id string) (Record, error) {
	m.asked = append(m.asked, who)
	if m.fail != nil {
		return Record{}, m.fail
	}
	for _, r := range m.records {
		if r.Type == typ && r.ID == id {
			return r, nil
		}
	}
	if r, ok := m.gone[typ+"/"+id]; ok {
		return r, errs.New(errs.Gone, "test", "the resource was deleted")
	}
	return Record{}, errs.New(errs.NotFound, "test", "no such resource")
}

func (m *memory) ResourceVersion(ctx context.Context, who ehr.Actor, typ, id string, version VersionID) (Record, error) {
	rec, err := m.Resource(ctx, who, typ, id)
	if errs.Is(err, errs.NotFound) || rec.Version == version {
		return rec, err
	}
	for _, r := range m.past {
		if r.Type == typ && r.ID == id && r.Version == version {
			return r, nil
		}
	}
	return Record{}, errs.New(errs.NotFound, "test", "no such version")
}

func (m *memory) History(ctx context.Context, who ehr.Actor, q HistoryQuery) (Page, error) {
	if q.ID != "" {
		if _, err := m.Resource(ctx, who, q.Type, q.ID); err != nil && !errs.Is(err, errs.Gone) {
			return Page{}, err
		}
	}
	all := append(slices.Clone(m.records), m.past...)
	for _, r := range m.gone {
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b Record) int { return -compareVersions(a, b) })
	page := Page{Total: -1}
	after := Record{LastUpdated: q.After.LastUpdated, Type: q.After.Type, ID: q.After.ID}
	for _, r := range all {
		if q.Type != "" && r.Type != q.Type || q.ID != "" && r.ID != q.ID || r.LastUpdated.Before(q.Since) ||
			!after.LastUpdated.IsZero() && compareVersions(r, after) >= 0 {
			continue
		}
		if len(page.Records) == q.Count {
			page.More = true
			break
		}
		page.Records = append(page.Records, r)
	}
	return page, nil
}

// Made is every record: the memory does not know compositions apart.
func (m *memory) Made(_ context.Context, _ ehr.Actor, _ Record) ([]Record, error) {
	return m.records, m.fail
}

func compareVersions(a, b Record) int {
	return cmp.Or(a.LastUpdated.Compare(b.LastUpdated), cmp.Compare(a.Type, b.Type), cmp.Compare(a.ID, b.ID))
}

func (m *memory) Search(_ context.Context, _ ehr.Actor, q Query) (Page, error) {
	if m.fail != nil {
		return Page{}, m.fail
	}
	page := Page{Total: -1}
	if len(q.Patients) > 0 {
		for _, g := range m.gaps {
			if g.Code == "unmapped" || g.Code == "absence" || q.Type == "Condition" {
				page.Gaps = append(page.Gaps, g)
			}
		}
	}
	total := 0
	for _, r := range m.records {
		switch {
		case len(q.Types) == 0 && r.Type != q.Type, len(q.Types) > 0 && !slices.Contains(q.Types, r.Type),
			len(q.IDs) > 0 && !slices.Contains(q.IDs, r.ID),
			len(q.Patients) > 0 && !slices.Contains(q.Patients, testEHR),
			!m.matches(r, q):
			continue
		}
		total++
		if len(q.After.Keys) > 0 && r.ID <= *q.After.Keys[len(q.After.Keys)-1] {
			continue
		}
		if len(page.Records) == q.Count {
			page.More = true
			page.Next = Cursor{Keys: []*string{&page.Records[q.Count-1].ID}, Snapshot: "now"}
			continue
		}
		page.Records = append(page.Records, r)
	}
	if q.Total {
		page.Total = total
	}
	return page, nil
}

func (m *memory) matches(r Record, q Query) bool {
	for _, v := range q.LastUpdated {
		if !dates(v, r.LastUpdated, r.LastUpdated.Add(time.Microsecond)) {
			return false
		}
	}
	for _, f := range q.Filters {
		hit := false
		for _, row := range m.search[r.ID] {
			if row.Param != f.Param && !slices.Contains(r4.Union(f.Param), row.Param) {
				continue
			}
			for _, v := range f.Values {
				switch f.Kind {
				case Token:
					hit = hit || (v.Code == "" || v.Code == row.Code) && (!v.HasSystem || v.System == row.System)
				case Date:
					hit = hit || dates(v, row.Low, row.High)
				case Reference, URI:
					hit = hit || v.Code == row.Code
				case String:
					hit = hit || strings.HasPrefix(row.Text, v.Text)
				case Quantity:
					hit = hit || quantities(v, row)
				}
			}
		}
		if !hit {
			return false
		}
	}
	return true
}

func dates(v Value, low, high time.Time) bool {
	eq := !v.Low.After(low) && !high.After(v.High)
	switch v.Prefix {
	case NotEqual:
		return !eq
	case Greater:
		return high.After(v.High)
	case GreaterOrEqual:
		return eq || high.After(v.High)
	case Less:
		return low.Before(v.Low)
	case LessOrEqual:
		return eq || low.Before(v.Low)
	case StartsAfter:
		return !low.Before(v.High)
	case EndsBefore:
		return !high.After(v.Low)
	default:
		return eq
	}
}

func quantities(v Value, row r4.SearchValue) bool {
	if (v.Code != "" && v.Code != row.Code) || (v.HasSystem && v.System != row.System) {
		return false
	}
	num := func(s string) float64 {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			panic(err)
		}
		return f
	}
	n := num(row.Number)
	switch v.Prefix {
	case Greater:
		return n > num(v.Number)
	case Less:
		return n < num(v.Number)
	case GreaterOrEqual:
		return n >= num(v.Number)
	case LessOrEqual:
		return n <= num(v.Number)
	case NotEqual:
		return n < num(v.NumberLow) || n >= num(v.NumberHigh)
	default:
		return n >= num(v.NumberLow) && n < num(v.NumberHigh)
	}
}
