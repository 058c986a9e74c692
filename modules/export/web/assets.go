package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
)

// embedded are the pages' style, code and pictures, the frame of all pages, and the page to sign in.
//
//go:embed static page.html sign-in.html lost.html
var embedded embed.FS

// assets are the files below static as they are served. They never change.
type assets struct {
	// build is the same for two programs with the same files: browsers keep what lies below it.
	build string
	files map[string]asset
}

type asset struct {
	kind          string
	plain, zipped []byte // zipped is empty where that would be no smaller
}

// kinds are the types of files by the end of their names; those of the machine may be others.
func kinds() map[string]string {
	return map[string]string{".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
}

// loadAssets reads the embedded files, once for all modules.
var loadAssets = sync.OnceValue(func() *assets {
	a := &assets{files: map[string]asset{}}
	sum := sha256.New()
	err := fs.WalkDir(embedded, "static", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := embedded.ReadFile(name)
		if err != nil {
			return err
		}
		fmt.Fprintf(sum, "%s %d\n", name, len(data))
		sum.Write(data)
		a.files[strings.TrimPrefix(name, "static/")] = asset{kinds()[path.Ext(name)], data, zip(data)}
		return nil
	})
	if err != nil { // they are in the program
		panic(err)
	}
	a.build = hex.EncodeToString(sum.Sum(nil)[:8])
	return a
})

// zip gives data packed; nothing if that is no smaller.
func zip(data []byte) []byte {
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestCompression) // the level is one that there is
	_, _ = w.Write(data)                                    // a Buffer takes everything
	_ = w.Close()
	if out.Len() >= len(data) {
		return nil
	}
	return out.Bytes()
}

// ServeHTTP implements http.Handler for paths below static/BUILD/. What an older page asks for is served as it is now, and not kept.
func (a *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f, ok := a.files[r.PathValue("file")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Vary", "Accept-Encoding")
	if r.PathValue("build") == a.build {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	data := f.plain
	if f.zipped != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		data = f.zipped
	}
	_, _ = w.Write(data) // the reader is gone; there is nobody to tell
}
