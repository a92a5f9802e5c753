/* SPDX-License-Identifier: MIT
 * Exact decimals: text to and from PostgreSQL's numeric, which is groups of four decimal digits behind a
 * header: number of groups, weight (the power of 10000 of the first one), sign, digits after the point. */
#include "backend/postgres/binary.h"

#define HEADER_SIZE 8
#define SIGN_NEGATIVE 0x4000
#define SIGN_NAN 0xc000
#define SIGN_INFINITY 0xd000
#define SIGN_NEGATIVE_INFINITY 0xf000
#define GROUPS_MAX 3000 /* that the server takes in binary form */
#define SCALE_MAX 16383

/* ---- from text ---- */

static gsize
count_digits (const char *text, const char *end)
{
  const char *digit = text;

  while (digit < end && g_ascii_isdigit (*digit))
    digit++;
  return digit - text;
}

static gboolean
split (YaraBytes text, YaraNumeric *numeric)
{
  const char *start = text.data, *end = start + text.size;
  gboolean has_sign = start < end && (*start == '-' || *start == '+');

  numeric->negative = has_sign && *start == '-';
  numeric->whole = start + has_sign;
  numeric->n_whole = count_digits (numeric->whole, end);
  numeric->fraction = numeric->whole + numeric->n_whole;
  numeric->n_fraction = 0;
  if (numeric->fraction == end)
    return numeric->n_whole > 0;
  if (*numeric->fraction++ != '.')
    return FALSE;
  numeric->n_fraction = count_digits (numeric->fraction, end);
  return numeric->n_whole > 0 && numeric->n_fraction > 0 && numeric->fraction + numeric->n_fraction == end;
}

const char *
yara_numeric_parse (YaraBytes text, guint scale, YaraNumeric *numeric)
{
  if (!split (text, numeric))
    return "is not a decimal number; write it as in \"-12.50\"";
  numeric->scale = MAX (numeric->n_fraction, scale);
  if (numeric->n_whole / 4 + numeric->n_fraction / 4 >= GROUPS_MAX - 2 || numeric->scale > SCALE_MAX)
    return "is a decimal of more digits than PostgreSQL takes";

  for (; numeric->n_whole > 0 && *numeric->whole == '0'; numeric->n_whole--)
    numeric->whole++;
  while (numeric->n_fraction > 0 && numeric->fraction[numeric->n_fraction - 1] == '0')
    numeric->n_fraction--;

  /* Groups of zeros that are left, and the sign of zero, are dropped by the server. */
  numeric->weight = (int) ((numeric->n_whole + 3) / 4) - 1;
  numeric->n_groups = numeric->weight + 1 + (int) ((numeric->n_fraction + 3) / 4);
  return NULL;
}

gsize
yara_numeric_get_size (const YaraNumeric *numeric)
{
  return HEADER_SIZE + 2 * numeric->n_groups;
}

/* The digits of a group; `power` counts from the point. */
static guint
get_group (const YaraNumeric *numeric, int power)
{
  guint group = 0;

  for (gssize place = 4 * (gssize) power + 3; place >= 4 * (gssize) power; place--)
    {
      gsize digit = 0;

      if (place >= 0 && (gsize) place < numeric->n_whole)
        digit = numeric->whole[numeric->n_whole - 1 - place] - '0';
      else if (place < 0 && (gsize) (-place - 1) < numeric->n_fraction)
        digit = numeric->fraction[-place - 1] - '0';
      group = 10 * group + digit;
    }
  return group;
}

void
yara_numeric_write (const YaraNumeric *numeric, char *out)
{
  out = yara_write_16 (out, numeric->n_groups);
  out = yara_write_16 (out, numeric->weight);
  out = yara_write_16 (out, numeric->negative ? SIGN_NEGATIVE : 0);
  out = yara_write_16 (out, numeric->scale);
  for (int i = 0; i < numeric->n_groups; i++)
    out = yara_write_16 (out, get_group (numeric, numeric->weight - i));
}

/* ---- to text ---- */

static const char *
read_special (guint sign, YaraBytes *text)
{
  const char *name;

  switch (sign)
    {
    case SIGN_NAN:
      name = "NaN";
      break;
    case SIGN_INFINITY:
      name = "Infinity";
      break;
    case SIGN_NEGATIVE_INFINITY:
      name = "-Infinity";
      break;
    default:
      return "a malformed numeric";
    }
  *text = (YaraBytes) { name, strlen (name) };
  return NULL;
}

/* Writes all four digits of a group. */
static char *
write_group (char *out, guint group)
{
  for (int i = 3; i >= 0; i--, group /= 10)
    out[i] = '0' + group % 10;
  return out + 4;
}

/* The group of a power of 10000; those that are not sent are zero. */
static guint
take_group (const char *groups, int n_groups, int weight, int power)
{
  int index = weight - power;

  return index >= 0 && index < n_groups ? yara_read_16 (groups + 2 * index) : 0;
}

/* Returns the end. */
static char *
write_digits (char *out, const char *groups, int n_groups, int weight, guint scale)
{
  char *whole = out;
  guint zeros = 0;

  for (int power = MAX (weight, 0); power >= 0; power--)
    out = write_group (out, take_group (groups, n_groups, weight, power));
  while (whole + zeros < out - 1 && whole[zeros] == '0')
    zeros++;
  memmove (whole, whole + zeros, out - whole - zeros);
  out -= zeros;
  if (scale == 0)
    return out;

  *out++ = '.';
  for (guint power = 1; power <= (scale + 3) / 4; power++)
    write_group (out + 4 * (power - 1), take_group (groups, n_groups, weight, -(int) power));
  return out + scale;
}

const char *
yara_numeric_read (const char *data, gsize size, YaraArena *arena, YaraValue *value)
{
  const char *groups = data + HEADER_SIZE;
  guint n_groups, sign, scale;
  char *text, *out;
  int weight;

  if (size < HEADER_SIZE)
    return "a malformed numeric";
  n_groups = yara_read_16 (data);
  weight = (gint16) yara_read_16 (data + 2);
  sign = yara_read_16 (data + 4);
  scale = yara_read_16 (data + 6);
  if (sign != 0 && sign != SIGN_NEGATIVE)
    return read_special (sign, &value->bytes);
  if (size != HEADER_SIZE + 2 * n_groups || scale > SCALE_MAX)
    return "a malformed numeric";
  for (guint i = 0; i < n_groups; i++)
    if (yara_read_16 (groups + 2 * i) > 9999)
      return "a malformed numeric";

  /* Sign, groups before the point, point, groups after it, NUL. */
  out = text = yara_arena_try_alloc (arena, 4 * (gsize) (MAX (weight, 0) + 1) + scale + 6);
  if (text == NULL)
    return "more text than there is memory for";
  if (sign == SIGN_NEGATIVE)
    *out++ = '-';
  out = write_digits (out, groups, n_groups, weight, scale);
  *out = '\0';
  value->bytes = (YaraBytes) { text, out - text };
  return NULL;
}
