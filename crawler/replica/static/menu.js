// Zet het plaatje in het menu en laadt luie plaatjes (demonstratie).
(function () {
  var open = "/images/menu-open.gif";
  var mark = new Image();
  mark.src = open;
  document.querySelectorAll("img[data-src]").forEach(function (image) {
    image.src = image.getAttribute("data-src");
  });
})();
