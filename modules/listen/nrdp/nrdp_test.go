package nrdp_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/serve/sinktest"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/listen/nrdp"
	"github.com/onbu/onbu/monitor"
)

type bench struct {
	t    *testing.T
	url  string
	sink sinktest.Sink
	env  modules.Env
}

func listening(t *testing.T, settings ...string) *bench {
	t.Helper()
	b := &bench{t: t, env: sinktest.Env()}
	port := sinktest.Port(t)
	s := modules.Read(sinktest.Define("n", "nrdp", append([]string{"port " + port, "token jobs J0bs", "token db Datab4se db*"}, settings...)...))
	l := nrdp.New(s, b.env)
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	b.url = "http://127.0.0.1:" + port + "/nrdp/"
	sinktest.Listen(t, l, &b.sink, "127.0.0.1:"+port)
	return b
}

func said(t *testing.T, answer *http.Response, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != 200 {
		t.Errorf("status %d, %v; want 200, whatever happened", answer.StatusCode, err)
	}
	return string(text)
}

// post sends fields, each "name=value" not encoded.
func (b *bench) post(fields ...string) string {
	form := url.Values{}
	for _, f := range fields {
		name, value, _ := strings.Cut(f, "=")
		form.Add(name, value)
	}
	answer, err := http.PostForm(b.url, form)
	return said(b.t, answer, err)
}

const (
	header = `<?xml version="1.0" encoding="utf-8"?>` + "\n"
	twoXML = `<?xml version='1.0'?>
<checkresults>
 <checkresult type='service' checktype='1'>
  <hostname>web01</hostname><servicename>HTTP</servicename><state>1</state><output>slow|t=3s</output><time>1700000000</time>
 </checkresult>
 <checkresult type='host'><hostname>web01</hostname><state>0</state><output>up</output></checkresult>
</checkresults>`
	oneJSON = `{"checkresults":[{"checkresult":{"type":"service","checktype":"1"},"hostname":"web01","servicename":"HTTP","state":"1","output":"slow|t=3s"}]}`
)

func result(host, service string, state monitor.State, output, long, perf string) monitor.Submission {
	return monitor.Submission{
		Ref: monitor.Ref{Host: host, Service: service}, Source: "nrdp jobs",
		Outcome: monitor.Outcome{State: state, Output: output, LongOutput: long, Perfdata: perf},
	}
}

func TestTakesTheDocumentedRequests(t *testing.T) {
	b := listening(t)
	got := b.post("token=J0bs", "cmd=submitcheck", "XMLDATA="+twoXML)
	want := header + "<result>\n    <status>0</status>\n    <message>OK</message>\n    <meta>\n        <output>2 checks processed</output>\n    </meta>\n</result>\n"
	if got != want {
		t.Errorf("got\n%s want\n%s", got, want)
	}
	got = b.post("token=J0bs", "cmd=SubmitCheck", "json="+oneJSON)
	if want = `{"result":{"status":0,"message":"OK","meta":{"output":"1 checks processed"}}}`; got != want {
		t.Errorf("got\n%s want\n%s", got, want)
	}
	answer, err := http.Get(b.url + "?" + url.Values{"token": {"J0bs"}, "cmd": {"submitcheck"}, "xml": {twoXML}}.Encode())
	if got = said(t, answer, err); !strings.Contains(got, "2 checks") {
		t.Errorf("in the address: %s", got)
	}
	two := []monitor.Submission{result("web01", "HTTP", 1, "slow", "", "t=3s"), result("web01", "", 0, "up", "", "")}
	wanted := []monitor.Submission{two[0], two[1], two[0], two[0], two[1]}
	if diff := cmp.Diff(wanted, b.sink.Results()); diff != "" {
		t.Error(diff)
	}
}

// send_nrdp.sh hands to curl -d what it has, hardly encoded.
func TestTakesWhatScriptsDoNotEncode(t *testing.T) {
	b := listening(t)
	body := `token=J0bs&cmd=submitcheck&xml=<r><checkresult type='service'><servicename>disk</servicename><hostname>web 1</hostname><state>2</state>` +
		`<output><![CDATA[80 % full; 20% %zz left\nmore	x %26 y|/=80%;90;95]]></output></checkresult></r>`
	answer, err := http.Post(b.url, "application/x-www-form-urlencoded", strings.NewReader(body))
	if got := said(t, answer, err); !strings.Contains(got, "<status>0<") {
		t.Fatal(got)
	}
	if diff := cmp.Diff([]monitor.Submission{result("web 1", "disk", 2, "80 % full: 20% %zz left", "more x & y", "/=80%;90;95")}, b.sink.Results()); diff != "" {
		t.Error(diff)
	}
}

func TestReadsLatin1AndLooseValues(t *testing.T) {
	b := listening(t)
	b.post("token=J0bs", "cmd=submitcheck", "xml=<?xml version='1.0' encoding='ISO-8859-1'?><r><checkresult type='Service'><hostname>k\xf6ln</hostname>"+
		"<servicename> s<!-- c -->vc </servicename><state>CRITICAL</state><output/></checkresult></r>")
	b.post("token=J0bs", "cmd=submitcheck", `json={"x":[[]],"checkresults":[{"hostname":"a","state":7,"output":5},{"checkresult":{"type":"service"},"hostname":"a","servicename":9,"state":null}]}`)
	none := "(No output returned from plugin)"
	want := []monitor.Submission{result("köln", "svc", 2, none, "", ""), result("a", "", 1, "5", "", ""), result("a", "9", 3, none, "", "")}
	if diff := cmp.Diff(want, b.sink.Results()); diff != "" {
		t.Error(diff)
	}
}

func TestAServiceWithoutANameIsNoResultOfItsHost(t *testing.T) {
	b := listening(t)
	got := b.post("token=J0bs", "cmd=submitcheck", "xml=<r><checkresult type='service'><hostname>a</hostname><state>2</state></checkresult></r>")
	if n := len(b.sink.Results()); n != 0 || !strings.Contains(got, "1 checks processed") {
		t.Errorf("%d results, %s", n, got)
	}
}

func TestSaysWhatNRDPSays(t *testing.T) {
	b := listening(t, "max_results 2")
	deep := strings.Repeat("<a>", 5000)
	bomb := `<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><r><checkresult><hostname>&b;</hostname></checkresult></r>`
	for _, c := range []struct {
		want   string
		fields []string
	}{
		{"NO TOKEN", []string{"cmd=submitcheck"}},
		{"BAD TOKEN", []string{"token=x", "cmd=submitcheck"}},
		{"BAD TOKEN", []string{"token=x", "cmd=nonsense"}},
		{"NO DATA", []string{"token=J0bs", "cmd=submitcheck"}},
		{"BAD XML", []string{"token=J0bs", "cmd=submitcheck", "xml=no"}},
		{"BAD XML", []string{"token=J0bs", "cmd=submitcheck", "xml=<a>"}},
		{"BAD XML", []string{"token=J0bs", "cmd=submitcheck", "xml=" + deep}},
		{"BAD XML", []string{"token=J0bs", "cmd=submitcheck", "xml=" + bomb}},
		{"BAD XML", []string{"token=J0bs", "cmd=submitcheck", "xml=<r>" + strings.Repeat("<checkresult/>", 3) + "</r>"}},
		{"BAD XML", []string{"token=J0bs", "cmd=submitcheck", "xml=<?xml version='1.0' encoding='utf-7'?><r/>"}},
		{"BAD JSON", []string{"token=J0bs", "cmd=submitcheck", "json=no"}},
		{"BAD JSON", []string{"token=J0bs", "cmd=submitcheck", `json={"checkresults":7}`}},
		{"BAD JSON", []string{"token=J0bs", "cmd=submitcheck", `json={}`}},
		{"BAD JSON", []string{"token=J0bs", "cmd=submitcheck", `json={"checkresults":[{"hostname":"a"}]`}},
		{"BAD JSON", []string{"token=J0bs", "cmd=submitcheck", "json=" + strings.Repeat("[", 100000)}},
		{"BAD JSON", []string{"token=J0bs", "cmd=submitcheck", `json={"checkresults":[` + strings.Repeat(`{},`, 2) + `{}]}`}},
		{"COMMANDS DISABLED", []string{"token=J0bs", "cmd=submitcmd", "command=RESTART_PROGRAM"}},
	} {
		got := b.post(c.fields...)
		if !strings.Contains(got, "<status>-1</status>\n    <message>"+c.want+"</message>") && !strings.HasPrefix(got, `{"result":{"status":-1,"message":"`+c.want+`"`) {
			t.Errorf("%.200q: got %s, want %s", c.fields, got, c.want)
		}
	}
	if got := b.post("token=J0bs", "cmd=nonsense"); got != "NO REQUEST HANDLER" {
		t.Error(got)
	}
	if got := b.post("cmd=hello", "output_type=TYPE_JSON", "pretty=1"); !strings.Contains(got, `"product": "nrdp"`) {
		t.Error(got)
	}
	if n := len(b.sink.Results()); n != 0 {
		t.Errorf("%d results were stored", n)
	}
	if got := sinktest.Metric(b.env, `onbu_nrdp_refused_total{module="n",reason="bad_token"}`); got != "2" {
		t.Errorf("%s bad tokens were counted, want 2", got)
	}
}

func TestCommandsKeepToTheSendersHosts(t *testing.T) {
	b := listening(t, "commands 1")
	b.sink.Refuse = func(line string) error {
		if strings.Contains(line, "nobody") {
			return errors.New("no host is called so")
		}
		return nil
	}
	for _, c := range []struct {
		want   string
		fields []string
	}{
		{"OK", []string{"token=J0bs", "command=DISABLE_HOST_CHECK;web", "command=[1] PROCESS_HOST_CHECK_RESULT;web;1;down"}},
		{"BAD COMMAND", []string{"token=Datab4se", "command[]=DISABLE_HOST_CHECK;db1", "command[]=RESTART_PROGRAM"}},
		{"DENIED TOKEN", []string{"token=Datab4se", "command=DISABLE_HOST_CHECK;web"}},
		{"NO COMMAND", []string{"token=J0bs", "command="}},
		{"BAD COMMAND", []string{"token=J0bs", "command=NONSENSE"}},
		{"BAD COMMAND", []string{"token=J0bs", "command=DISABLE_HOST_CHECK;web\nSHUTDOWN_PROGRAM"}},
		{"BAD COMMAND", []string{"token=J0bs", "command=DISABLE_HOST_CHECK;nobody"}},
	} {
		if got := b.post(append(c.fields, "cmd=submitcmd")...); !strings.Contains(got, "<message>"+c.want+"</message>") {
			t.Errorf("%q: got %s, want %s", c.fields, got, c.want)
		}
	}
	wanted := []string{"nrdp jobs: DISABLE_HOST_CHECK;web", "nrdp db: DISABLE_HOST_CHECK;db1", "nrdp jobs: DISABLE_HOST_CHECK;nobody"}
	if diff := cmp.Diff(wanted, b.sink.Commands()); diff != "" {
		t.Error(diff)
	}
	if got := b.sink.Results(); len(got) != 1 || got[0].Host != "web" || got[0].State != monitor.Down {
		t.Errorf("got %+v", got)
	}
}

func TestNeverSaysOKForWhatIsNotStored(t *testing.T) {
	b := listening(t)
	b.sink.Answer = func(_ context.Context, r []monitor.Submission) (modules.Receipt, error) {
		if r[0].State == monitor.OK {
			return modules.Receipt{Over: 1}, nil
		}
		return modules.Receipt{}, errors.New("full")
	}
	for _, state := range []string{"0", "1"} {
		got := b.post("token=J0bs", "cmd=submitcheck", "xml=<r><checkresult><hostname>a</hostname><state>"+state+"</state></checkresult></r>")
		if !strings.Contains(got, "<message>WRITE ERROR</message>") {
			t.Error(got)
		}
	}
}
