package server

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/cairn-ehr/cairn/pkg/ehr"
)

// Parties are in exports, have a Provenance and can be subscribed to.
func TestPartiesElsewhere(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	org := r.put("organisation", partyText(t, "Organisation"), "")
	list := r.all("Provenance?target=Organization/"+object(org), "match")
	if len(list) != 1 || list[0].List("target")[0].Str("reference") != "Organization/"+object(org)+"/_history/1" {
		t.Errorf("%d provenances", len(list))
	}
	if got := r.get("Provenance/" + list[0].Str("id")); got.Str("id") != list[0].Str("id") {
		t.Errorf("%s", got.Append(nil))
	}
	found := 0
	for _, e := range r.get("_history?_count=100").List("entry") {
		if strings.Contains(e.Str("fullUrl"), "Organization/"+object(org)) {
			found++
		}
	}
	if found != 1 {
		t.Errorf("%d times in the history of everything", found)
	}
	status, head, data := send(t, http.MethodGet, r.base+"$export?_type=Organization", "", "Prefer", "respond-async")
	if status != http.StatusAccepted {
		t.Fatalf("%d %s", status, data)
	}
	for until := time.Now().Add(time.Minute); status == http.StatusAccepted && time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
		status, _, data = send(t, http.MethodGet, head.Get("Content-Location"), "")
	}
	var manifest struct {
		Output []struct {
			Type  string
			URL   string
			Count int
		}
	}
	if err := json.Unmarshal(data, &manifest); err != nil || status != http.StatusOK || len(manifest.Output) != 1 || manifest.Output[0].Count != 1 {
		t.Fatalf("%d %s", status, data)
	}
	if _, _, data = send(t, http.MethodGet, manifest.Output[0].URL, ""); !strings.Contains(string(data), `"id":"`+object(org)+`"`) {
		t.Errorf("%s", data)
	}
}

// Whatever happens beside each other, in the end a Patient is the person of then.
func TestPartiesBesideEachOther(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	ctx := t.Context()
	person := uuid.New()
	const ehrs, rounds = 3, 8
	commitParty := func(body string, trunk int) error {
		uid := ehr.VersionUID{Object: person, System: "cairn.test", Trunk: trunk}
		change := ehr.Change{UID: uid, Content: ehr.Content{JSON: []byte(body)}}
		if trunk > 1 {
			change.Preceding = uid
			change.Preceding.Trunk--
		}
		_, _, err := r.s.Service.CommitContribution(ctx, sandboxActor, ehr.CommitContribution{EHRID: ehr.Demographics, Changes: []ehr.Change{change}})
		return err
	}
	status := func(round int) ehr.Content {
		return ehr.Content{JSON: []byte(`{"_type":"EHR_STATUS","name":{"_type":"DV_TEXT","value":"Status ` + strconv.Itoa(round) + `"},"archetype_node_id":"openEHR-EHR-EHR_STATUS.generic.v1",
			"subject":{"_type":"PARTY_SELF","external_ref":{"_type":"PARTY_REF","namespace":"demographic","type":"PERSON","id":{"_type":"HIER_OBJECT_ID","value":"` + person.String() + `"}}},
			"is_queryable":true,"is_modifiable":true}`)}
	}
	// One EHR for each namespace: a subject has one EHR in each.
	var group errgroup.Group
	ids := make([]uuid.UUID, ehrs)
	for i, ns := range []string{"demographic", "local", "cairn.test"} {
		ids[i] = uuid.New()
		group.Go(func() error {
			own := func(round int) ehr.Content {
				c := status(round)
				c.JSON = []byte(strings.Replace(string(c.JSON), `"namespace":"demographic"`, `"namespace":"`+ns+`"`, 1))
				return c
			}
			e, err := r.s.Service.CreateEHR(ctx, sandboxActor, ehr.CreateEHR{ID: ids[i], Status: own(0)})
			for round := 1; err == nil && round < rounds; round++ {
				var done ehr.Committed
				done, err = r.s.Service.UpdateEHRStatus(ctx, sandboxActor, ehr.UpdateEHRStatus{EHRID: ids[i], Preceding: e.StatusUID, Status: own(round)})
				e.StatusUID = done.UID
			}
			return err
		})
	}
	group.Go(func() error {
		for round := 1; round <= rounds; round++ {
			if err := commitParty(partyText(t, "Person", "Falkner", "Falkner "+strconv.Itoa(round)), round); err != nil {
				return err
			}
		}
		return nil
	})
	group.Go(func() error { // ROLEs of the same person come and go
		for range rounds {
			done, err := r.s.Service.CreateParty(ctx, sandboxActor, ehr.WriteParty{
				Kind: ehr.KindRole, Content: ehr.Content{JSON: []byte(partyText(t, "Practitioner role", examplePerformer, person.String()))},
			})
			if err == nil {
				_, err = r.s.Service.DeleteParty(ctx, sandboxActor, ehr.WriteParty{Kind: ehr.KindRole, Preceding: done.UID})
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		n := r.get("Patient/" + id.String())
		if got := n.List("name")[0].Str("family"); got != "Falkner "+strconv.Itoa(rounds) {
			t.Errorf("%s: %q", id, got)
		}
		if v := n.Get("meta").Str("versionId"); !strings.HasPrefix(v, strconv.Itoa(rounds)) {
			t.Errorf("%s: version %s", id, v)
		}
		// Each version of the history is of one state and the times follow.
		var last time.Time
		for _, e := range r.get("Patient/" + id.String() + "/_history?_count=100").List("entry") {
			at := instant(t, e.Get("resource").Get("meta").Str("lastUpdated"))
			if !last.IsZero() && !at.Before(last) {
				t.Errorf("%s: %s before %s", id, last, at)
			}
			last = at
		}
	}
	if got := r.status("Practitioner/" + person.String()); got != http.StatusGone && got != http.StatusNotFound {
		t.Errorf("a practitioner without a role: %d", got)
	}
	if n := r.get("Patient?_summary=count&family=falkner%208"); n.Str("total") != "3" {
		t.Errorf("found %s", n.Append(nil))
	}
}

// Parties that were stored before there were mappings of them are projected like
// everything else when the mappings change.
func TestPartiesProjectedAgain(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	ctx := t.Context()
	org := object(r.put("organisation", partyText(t, "Organisation"), ""))
	person := object(r.put("person", partyText(t, "Person"), ""))
	role := object(r.put("role", partyText(t, "Practitioner role", exampleEmployer, org, examplePerformer, person), ""))
	for _, sql := range []string{`delete from fhir_resource where ehr_no = 0`, `delete from fhir_content where ehr_no = 0`, `delete from fhir_loss where ehr_no = 0`} {
		if _, err := r.s.store.Pool().Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	if got := r.status("Organization/" + org); got != http.StatusNotFound {
		t.Fatalf("%d", got)
	}
	state, err := r.s.store.ProjectionState(ctx)
	if err == nil {
		err = r.s.store.UseRules(ctx, state.Rules, true)
	}
	if err != nil {
		t.Fatal(err)
	}
	for until := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if state, err = r.s.store.ProjectionState(ctx); err != nil || time.Now().After(until) {
			t.Fatal("not projected", state, err)
		}
		if !state.Pending && state.Queued == 0 {
			break
		}
	}
	for _, path := range []string{"Organization/" + org, "Practitioner/" + person, "PractitionerRole/" + role} {
		if n := r.get(path); n.Get("meta").Str("versionId") != "1" {
			t.Errorf("%s", n.Append(nil))
		}
	}
}

// instant is a FHIR instant, whose text has as many digits as it needs.
func instant(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}
