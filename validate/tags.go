// Derived tags: the constraints of the schemas, as validator sees them.

package validate

import (
	"errors"
	"reflect"
	"strings"
	"sync"

	"github.com/go-playground/validator/v10"

	"github.com/mcpoauth/mcpoauth/gen"
)

// tagValidator reads the `validate` tags that the generator derives from the
// schemas. The tags have the names of validator's own checks, so that our
// structs work in anybody's instance; in this one the format names mean what
// the decoder takes them to mean. It is built on first use and safe for
// concurrent use.
var tagValidator = sync.OnceValue(func() *validator.Validate {
	v := validator.New(validator.WithRequiredStructEnabled())
	v.RegisterTagNameFunc(memberName)
	for _, format := range []string{"uri", "http_url", "https_url"} {
		check := func(field validator.FieldLevel) bool { return hasFormat(format, field.Field().String()) }
		if err := v.RegisterValidation(format, check); err != nil {
			panic(err) // the name is a constant that validator reserves
		}
	}
	return v
})

// hasFormat is gen.ValidFormat, without the cost of net/url for the URLs that
// splitURL accepts, which are a subset (FuzzFormats holds that).
func hasFormat(format, value string) bool {
	if u, reason := splitURL(value); reason == "" && (u.secure() || format != "https_url") {
		return true
	}
	return gen.ValidFormat(format, value)
}

// memberName names a field by its JSON name.
func memberName(field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	return name
}

// tags adds a violation for each derived tag that fails, where no earlier
// violation has spoken about the same member. Values are never shown: they may
// be secrets.
func (c *check) tags(doc any) {
	var failed validator.ValidationErrors
	if !errors.As(tagValidator().Struct(doc), &failed) {
		return
	}
	known := len(c.found)
	for _, f := range failed {
		pointer := namespacePointer(f.Namespace())
		if !c.found[:known].covers(pointer) {
			c.add(RuleSchema, pointer, "breaks the constraint "+tagName(f))
		}
	}
}

func tagName(f validator.FieldError) string {
	if f.Param() == "" {
		return f.Tag()
	}
	return f.Tag() + "=" + f.Param()
}

// namespacePointer turns validator's "Type.list[1].name" into "/list/1/name".
func namespacePointer(namespace string) string {
	_, path, _ := strings.Cut(namespace, ".")
	path = strings.NewReplacer("~", "~0", "/", "~1", ".", "/", "[", "/", "]", "").Replace(path)
	return "/" + path
}
