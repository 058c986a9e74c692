package web

import (
	"net/http"
	"strings"
)

// mostNamed bounds how much of a path that is not there a page repeats.
const mostNamed = 80

// lost says to people that there is no such page, and where there are some; programs get the status.
func (m *Module) lost(w http.ResponseWriter, r *http.Request) {
	path := r.PathValue("path")
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		refuse(w, failure(http.StatusNotFound, "there is nothing at this path"))
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(http.StatusNotFound)
	_ = m.shells.ExecuteTemplate(w, "lost.html", struct { // the reader is gone; there is nobody to tell
		Up, Build, Path string
		All             []page
	}{strings.Repeat("../", strings.Count(path, "/")), loadAssets().build, strings.ToValidUTF8(path[:min(len(path), mostNamed)], ""), pages()})
}
