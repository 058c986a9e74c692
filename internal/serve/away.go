package serve

import (
	"encoding/json"
	"html/template"
	"net/http"
	"strings"
)

// away is a page that looks again by itself. The words are those of the one who is away.
var away = template.Must(template.New("").Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="refresh" content="5">
<title>Away · Onbu</title>
</head>
<body>
<h1>These pages are away</h1>
<p>{{.}}</p>
<p>This page looks again every five seconds.</p>
</body>
</html>
`))

// Away answers for web pages that are not there at present: who navigates gets a page that comes again by itself, a program JSON with
// an "error". Both have the status 503, at which a proxy before several brokers goes on to the next.
func Away(w http.ResponseWriter, r *http.Request, why string) {
	h := w.Header()
	h.Set("Retry-After", "5")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		h.Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusServiceUnavailable)
		_ = json.NewEncoder(w).Encode(map[string]string{"error": why}) // the asker is gone
		return
	}
	h.Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(http.StatusServiceUnavailable)
	_ = away.Execute(w, why) // the asker is gone
}
